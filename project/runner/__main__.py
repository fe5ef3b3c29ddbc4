import sys

from project.runner.signals import Signals

if __name__ == "__main__":
    signals = Signals()  # before the slow imports, so that an early Ctrl-C ends us without a traceback
    from project.runner.command_line import main

    sys.exit(main(signals))
