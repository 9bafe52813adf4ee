"""``python -m eventyard.cli``: the command line where no script is installed, as for a child process."""

from eventyard.cli import main

main()
