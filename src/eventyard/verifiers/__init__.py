"""Ways to prove a sender; one file is one scheme."""
