"""Ways for a mail to leave the hub. One file is one way; each implements :class:`eventyard.ports.Mailer`."""
