"""Completion for PowerShell, which Click does not bring."""

import os

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

_WORDS = "TDMVC_COMPLETE_WORDS"
_SOURCE = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = $commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($null -ne $_.Value) { $_.Value } else { $_.Extent.Text } }
    $env:%(complete_var)s = 'powershell_complete'
    $env:TDMVC_COMPLETE_WORDS = (@($words) + $wordToComplete) -join "`n"
    try {
        %(prog_name)s | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
        }
    } finally {
        Remove-Item Env:%(complete_var)s, Env:TDMVC_COMPLETE_WORDS
    }
}
"""


@add_completion_class
class PowerShellComplete(ShellComplete):
    """Completes words that PowerShell passes one in a line; a line of the answer is a value, a tab, and its help."""

    name = "powershell"
    source_template = _SOURCE

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words behind the program's name, and the one that is being typed."""
        words = os.environ.get(_WORDS, "").split("\n")
        return words[1:-1], words[-1] if len(words) > 1 else ""

    def format_completion(self, item: CompletionItem) -> str:
        """Return a line of the answer."""
        return f"{item.value}\t{' '.join((item.help or '').split())}"

    def complete(self) -> str:
        """Return the answer without files and folders, which PowerShell completes itself if there is none."""
        words, incomplete = self.get_completion_args()
        found = self.get_completions(words, incomplete)
        return "\n".join(self.format_completion(item) for item in found if item.type == "plain")
