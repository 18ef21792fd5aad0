# Runs Sqitch: the changes of a plan in its order, with their deploy scripts and dependencies.
# Reads a folder as a JSON string from each line, and prints what Sqitch finds in it as JSON.
use strict;
use warnings;
use App::Sqitch;
use App::Sqitch::Config;
use App::Sqitch::Target;
use JSON::PP;

my $json = JSON::PP->new->utf8->allow_nonref;
open my $answers, '>&', \*STDOUT or die $!;
open STDOUT, '>&', \*STDERR or die $!;
$answers->autoflush(1);

sub answer {
    chdir shift or die $!;
    my $sqitch = App::Sqitch->new(config => App::Sqitch::Config->new);
    my $target = App::Sqitch::Target->new(sqitch => $sqitch);
    my @changes = $target->plan->changes;
    return [ map { { name => $_->name, script => $_->deploy_file->cleanup->stringify } } @changes ];
}

while (my $line = <STDIN>) {
    my $ids = eval { answer($json->decode($line)) };
    my $said = defined $ids ? { ids => $ids } : { refusal => "$@" };
    print $answers $json->encode($said), "\n";
}
