"""`python -m hodei`: the command, where no script is installed."""

import sys

from hodei.cli import main

sys.exit(main())
