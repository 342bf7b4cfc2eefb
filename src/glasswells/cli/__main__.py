"""`python -m glasswells.cli`: the same as the command `glasswells`."""

from glasswells.cli import main

if __name__ == "__main__":
    main()
