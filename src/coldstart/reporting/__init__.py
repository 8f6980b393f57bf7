"""Tables, figures and contact sheets, all drawn from the summary of the runs."""
