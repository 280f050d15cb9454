"""Where a trigger's function runs; its ARN says which."""
