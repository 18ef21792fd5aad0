"""The entry point of `tdmvc`, and the one place that turns errors into messages and exit codes."""

import contextlib
import os
import sys
from typing import NoReturn

import click

import tdmvc.cli.powershell  # noqa: F401 - registers itself with Click
from tdmvc.cli.bug_report import render_bug_report, write_bug_report
from tdmvc.cli.group import cli
from tdmvc.cli.interrupts import ignore_interrupts, ignored_interrupts, recorded_interrupts
from tdmvc.cli.memory import limit_memory
from tdmvc.cli.messages import error_text, message_line, print_message
from tdmvc.cli.options import Settings
from tdmvc.cli.streams import prepare_streams
from tdmvc.cli.suggestions import suggest_option
from tdmvc.errors import StoreError, TdmvcError
from tdmvc.sql.memory import is_out_of_memory


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    prepare_streams()
    limit_memory()
    code = 130
    with contextlib.suppress(KeyboardInterrupt):
        code = run(arguments)
        # While Python ends, an interrupt would replace the exit code.
        ignore_interrupts()
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; every error ends here."""
    settings = Settings()
    with recorded_interrupts() as interrupts:
        try:
            result = cli.main(arguments, prog_name="tdmvc", standalone_mode=False, obj=settings)
            # An error of a full disk must occur here, where it becomes a message and an exit code.
            sys.stdout.flush()
            return result if isinstance(result, int) else 0
        except BaseException as error:
            # An interrupted library may raise another error instead.
            with ignored_interrupts():
                if not interrupts:
                    return _report(error, settings)
                _report(KeyboardInterrupt(), settings)
                return 128 + interrupts[0]


def _report(reason: BaseException, settings: Settings) -> int:
    """Print why the command failed, and return its exit code."""
    try:
        raise reason
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        print_message(_usage_message(error), label="error")
        return error.exit_code
    except click.ClickException as error:
        print_message(message_line(error.format_message()), label="error")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print_message(
            "Interrupted. No file and no database is left half-written. If the change is not there, "
            "run the same command again."
        )
        return 130
    except TdmvcError as error:
        print_message(error_text(error), label="error")
        return error.exit_code
    except BrokenPipeError:
        # The reader has closed the pipe; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        print_message(error_text(StoreError.memory()), label="error")
        return StoreError.exit_code
    except OSError as error:
        print_message(error_text(StoreError.disk(error.filename or ".", error)), label="error")
        return StoreError.exit_code
    except Exception as error:
        if is_out_of_memory(error):
            used_up = StoreError.memory(
                "the memory that TDMVC_MEMORY allows, or the folder for temporary files"
            )
            print_message(error_text(used_up), label="error")
            return used_up.exit_code
        return _report_bug(error, is_verbose=settings.is_verbose)
    finally:
        # The traceback refers to this frame: a cycle would keep open connections until after Python's modules are gone.
        del reason


def _usage_message(error: click.UsageError) -> str:
    """Return what is wrong with the arguments, a suggestion, and the usage of the command."""
    text = error.format_message()
    if isinstance(error, click.MissingParameter):
        # click lists the choices one a line.
        text = " ".join(text.split())
    text = message_line(text.rstrip())
    if isinstance(error, click.NoSuchOption):
        options = [
            name for parameter in (error.ctx.command.params if error.ctx else ()) for name in parameter.opts
        ]
        hint = suggest_option(error.option_name, options, error.possibilities or ())
        text = message_line(f"There is no option {error.option_name}. {hint}".rstrip())
    if error.ctx is None:
        return text
    return f"{text}\n{error.ctx.get_usage()}\nFix: see `{error.ctx.command_path} --help`."


def _report_bug(error: Exception, *, is_verbose: bool) -> int:
    """Write a log of an unexpected error, and print where it is."""
    text = render_bug_report(error)
    path = write_bug_report(text)
    if is_verbose:
        print_message(text)
    print_message(f"tdmvc stopped because of an unexpected error ({type(error).__name__}).", label="bug")
    print_message(f"Where: {path}\nFix: please report it and attach that file; it contains no row values.")
    return 70
