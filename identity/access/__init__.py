"""Who is calling and what they may do: actors, access keys, permits."""
