"""`python -m glasswells`: the same as the command `glasswells`."""

from glasswells.cli import main

if __name__ == "__main__":
    main()
