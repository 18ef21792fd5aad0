"""sqitch."""
