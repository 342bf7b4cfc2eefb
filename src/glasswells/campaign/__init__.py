"""Plan, store, stages and runner of a campaign."""
