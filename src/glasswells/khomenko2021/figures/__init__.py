"""The paper's figures 2 to 8; the place of each is its number in the paper."""
