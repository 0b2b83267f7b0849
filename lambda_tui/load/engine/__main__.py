"""`python -m lambda_tui.load.engine`."""

from lambda_tui.load.engine.process import main

if __name__ == "__main__":
    main()
