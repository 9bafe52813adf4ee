"""Who may come in: users, clients, what they may do, the tokens they are given, and what becomes of wrong guesses."""
