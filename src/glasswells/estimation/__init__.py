"""How long a campaign will take, how much it will store, and how sure that is."""
