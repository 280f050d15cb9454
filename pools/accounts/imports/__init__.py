"""User import: jobs, the CSV file, its rows. Source: guide, "Importing users from a CSV file"."""
