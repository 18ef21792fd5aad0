"""Runs Liquibase: prints the change sets of a master changelog in its order.

Answers one question per line: a folder as a JSON string in, what Liquibase makes of its
`changelog.*` as JSON out. The folder is where changelogs are seen from.
"""

import json
import sys
from pathlib import Path

import jpype

JARS = Path(__file__).parents[1] / "node_modules/liquibase/dist/liquibase/internal/lib"
# The package contains more, under other licences; drivers are not needed to read changelogs.
NEEDED = ("commons-", "jaxb-", "liquibase-core", "opencsv", "snakeyaml")

jars = [str(jar) for jar in JARS.glob("*.jar") if jar.name.startswith(NEEDED)]
jpype.startJVM("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", classpath=jars)
jpype.JClass("java.util.logging.LogManager").getLogManager().reset()
Parsers = jpype.JClass("liquibase.parser.ChangeLogParserFactory").getInstance()
Folder = jpype.JClass("liquibase.resource.DirectoryResourceAccessor")
Parameters = jpype.JClass("liquibase.changelog.ChangeLogParameters")
File = jpype.JClass("java.io.File")


def answer(folder: str) -> list[tuple[str, bool]]:
    """Return the id of each change set, and whether it runs again."""
    (master,) = (path.name for path in Path(folder).glob("changelog.*"))
    seen = Folder(File(folder))
    changelog = Parsers.getParser(master, seen).parse(master, Parameters(), seen)
    return [
        (str(each.toString(False)), bool(each.isAlwaysRun() or each.isRunOnChange()))
        for each in changelog.getChangeSets()
        if not each.isIgnore()
    ]


for line in sys.stdin:
    try:
        output = {"ids": answer(json.loads(line))}
    except jpype.JException as error:
        output = {"refusal": str(error)}
    print(json.dumps(output), flush=True)
