"""`python -m cryptofunk_tui` is `cryptofunk`."""

from cryptofunk_tui.cli import main

main()
