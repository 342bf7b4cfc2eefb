"""How double wells relate to the vibrations of their minima."""
