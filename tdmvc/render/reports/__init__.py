"""The formats of the commands that report to people on a terminal, or to programs in JSON."""

from tdmvc.model.finding import CheckReport
from tdmvc.model.garbage import GcReport
from tdmvc.model.report import (
    AddReport,
    CheckoutReport,
    DatasetList,
    GitSetup,
    InitReport,
    PublishReport,
    QueryResult,
    ShowReport,
    StatusReport,
    YankReport,
)
from tdmvc.model.seeding import SeedReport
from tdmvc.model.transfer_report import TransferReport, VerifyReport
from tdmvc.render.escapes import escape_markup
from tdmvc.render.format import Formats, OutputFormat, formats_of
from tdmvc.render.reports import (
    add,
    check,
    check_github,
    check_junit,
    gc,
    install,
    query,
    seed,
    status,
    transfer,
    versions,
)

INIT_FORMATS: Formats[InitReport] = formats_of(add.render_init)
ADD_FORMATS: Formats[AddReport] = formats_of(add.render_add)
STATUS_FORMATS: Formats[StatusReport] = formats_of(status.render)
LIST_FORMATS: Formats[DatasetList] = formats_of(versions.render_list)
SHOW_FORMATS: Formats[ShowReport] = formats_of(versions.render_show)
PUBLISH_FORMATS: Formats[PublishReport] = formats_of(versions.render_publish)
YANK_FORMATS: Formats[YankReport] = formats_of(versions.render_yank)
CHECKOUT_FORMATS: Formats[CheckoutReport] = formats_of(transfer.render_checkout)
TRANSFER_FORMATS: Formats[TransferReport] = formats_of(transfer.render_transfer)
VERIFY_FORMATS: Formats[VerifyReport] = formats_of(transfer.render_verify)
CHECK_FORMATS: Formats[CheckReport] = formats_of(
    check.render,
    OutputFormat("github", check_github.render),
    OutputFormat("junit", check_junit.render, escape=escape_markup),
)
SEED_FORMATS: Formats[SeedReport] = formats_of(seed.render_seed)
GC_FORMATS: Formats[GcReport] = formats_of(gc.render)
QUERY_FORMATS: Formats[QueryResult] = formats_of(query.render)

INSTALLED: OutputFormat[GitSetup] = OutputFormat("terminal", install.render_installed, is_for_terminal=True)
UNINSTALLED: OutputFormat[GitSetup] = OutputFormat(
    "terminal", install.render_uninstalled, is_for_terminal=True
)
