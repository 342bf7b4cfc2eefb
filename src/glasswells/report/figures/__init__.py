"""One file per kind of figure of every report; each declares where on the page it stands."""
