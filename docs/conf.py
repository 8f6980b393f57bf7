"""The site: every page of README.md, config/, docs/ and benchmarks/ as it lies here, and the package's docstrings.

``make docs`` builds it into site/ and fails at a dead link or a page that nobody reaches. Its source folder is the root
of the repository, so that a link that works on a code host works on the site too.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

project = "coldstart"
author = "The coldstart developers"
copyright = author
extensions = ["myst_parser", "sphinx.ext.napoleon", "autoapi.extension"]
root_doc = "README"
include_patterns = ["README.md", "CHANGELOG.md", "SECURITY.md", "config/README.md", "benchmarks/README.md", "docs/**"]
exclude_patterns = ["docs/figures"]
html_theme = "furo"
html_title = "coldstart"
html_extra_path = ["site/index.html"]
html_show_sphinx = False

# Headings are anchors, named as code hosts name them.
myst_heading_anchors = 4
# Attributes of several classes have one name (`shape`): Sphinx cannot tell which of them a type in a docstring means.
# And a name that one module takes from another, which has it from a package that is not read, is no dead link.
suppress_warnings = ["ref.python", "autoapi.python_import_resolution"]

# The package is read, not imported: no torch is needed here.
autoapi_dirs = ["src/coldstart"]
autoapi_root = "docs/api"
autoapi_keep_files = False
autoapi_add_toctree_entry = False
autoapi_options = ["members", "undoc-members", "show-module-summary"]
autoapi_member_order = "bysource"
napoleon_google_docstring = False
# The package lists every attribute itself: docstrings explain them, and declare none a second time.
napoleon_use_ivar = True

# What every reader needs comes first; every other page of docs/ follows by itself.
FIRST = ["label_my_pool", "choosing", "findings", "reproductions", "evaluation"]
FIRST += ["notebook", "adding", "reuse", "cluster", "scale"]


def navigation():
    """Lists of pages for the side bar."""
    pages = [path.stem for path in sorted((ROOT / "docs").glob("*.md"))]
    ordered = [name for name in FIRST if name in pages] + [name for name in pages if name not in FIRST]
    guides = "\n".join(f"docs/{name}" for name in ordered)
    rest = [name for name in ("SECURITY", "CHANGELOG") if (ROOT / f"{name}.md").exists()]
    reference = "\n".join(["config/README", "docs/api/coldstart/index", "benchmarks/README", *rest])
    parts = [("Guides", guides), ("Reference", reference)]
    return "\n\n".join(f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{names}\n```" for caption, names in parts)


def add_navigation(app, docname, source):
    """Give the first page the side bar, which a code host would show as code."""
    if docname == root_doc:
        source[0] += "\n\n" + navigation() + "\n"


def setup(app):
    """Join Sphinx's run."""
    app.connect("source-read", add_navigation)
    return {"parallel_read_safe": True}
