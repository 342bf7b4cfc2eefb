"""Sphinx builds the documentation with this: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

import glasswells

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "glasswells"
author = "The glasswells developers"
copyright = f"2026, {author}"
version = release = glasswells.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
    "numpydoc",
    "mathml",
    "plan_table",
    "export_table",
    "command_reference",
    "public_names",
    "benchmark_history",
]
exclude_patterns = ["_build", "gallery", "sample", "_extensions", "_templates"]
templates_path = ["_templates"]
suppress_warnings: list[str] = []

myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3

# Names in docstrings stand in single backquotes, as in the code's comments: shown as code.
default_role = "code"

autosummary_generate = True
# `glass` and `Glass` would be one file where names of files know no case.
autosummary_filename_map = {
    f"glasswells.{record}": f"glasswells.{record}-record" for record in ("Glass", "Relaxation")
}
autosummary_imported_members = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_type_aliases = {"Array": "Array", "ArrayLike": "ArrayLike"}
toc_object_entries_show_parents = "hide"
python_use_unqualified_type_names = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "filename_pattern": r"/plot_",
    "reset_modules": ("gallery_style.report_style",),
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": False,
    "download_all_examples": False,
    "show_memory": False,
    # The page of times would load scripts from elsewhere; each example states its own.
    "write_computation_times": False,
    "image_scrapers": ("matplotlib",),
    "show_signature": False,
    "nested_sections": False,
    "remove_config_comments": True,
}

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "glasswells"
html_static_path = ["_static"]
# The example of a campaign in the gallery leaves its report there.
SAMPLE = Path(__file__).parent / "sample"
SAMPLE.mkdir(exist_ok=True)
html_extra_path = ["sample"]
html_css_files = ["custom.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "navigation_depth": 2,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {name: [] for name in ("index", "start", "files", "CLUSTER")}
