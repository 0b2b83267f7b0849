"""`python -m lambda_tui` is the `lambda-tui` command."""

from lambda_tui.cli.main import main

if __name__ == "__main__":
    main()
