"""What is known of campaigns, finished or not, as plain records: what a report shows."""
