"""HTTP as the embedded Lambda speaks it: the server, its errors, and authentication."""
