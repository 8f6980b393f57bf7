"""How good a trained network is: metrics, their bootstrap, and the mean over runs."""
