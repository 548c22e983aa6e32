//! What `--help` of each command shows to copy. A test reads every line as the command line it is.

/// After the options of `tend serve`.
pub const SERVE: &str = "\
Examples:
  tend serve
  TEND__PUBLIC__LISTEN=127.0.0.1:8025 tend serve   # with the pages behind the links of messages";

/// After the options of `tend check`.
pub const CHECK: &str = "\
Examples:
  tend check             # every file, every example in the files, the next runs
  tend check --no-run    # the files only, without a database";

/// After the options of `tend plan`.
pub const PLAN: &str = "\
Examples:
  tend plan birthday                              # as of now: who gets what, who does not, and why
  tend plan birthday --at 2026-06-01 --html plan.html
  tend plan value-tiers --customer D0000001       # one customer, condition by condition
  tend plan monthly-review --out review           # the mails as readers would get them, with their workbooks";

/// After the options of `tend why`.
pub const WHY: &str = "\
Examples:
  tend why --customer D0000001 --job birthday
  tend why --customer D0000001 --job birthday --at 2026-06-01";

/// After the options of `tend explain`.
pub const EXPLAIN: &str = "\
Examples:
  tend explain ticket T-1042
  tend explain ticket T-1042 --job complaint-sla --at 2026-06-01T18:00:00+08:00";

/// After the options of `tend render`.
pub const RENDER: &str = "\
Nothing is sent, no code is used, and the links lead nowhere. Who has no occasion gets an example in each channel.

Examples:
  tend render birthday --customer D0000001 --out /tmp/look
  tend render birthday --customer D0000001 --offer high --out /tmp/look";

/// After the options of `tend send-test`.
pub const SEND_TEST: &str = "\
The subject, or the text, begins with [test]. Caps, ledger and coupon pools know nothing of it.

Examples:
  tend send-test birthday --to you@example.com
  tend send-test winback --to +8613800138000 --offer high --customer D0000001
  tend send-test dormant-wakeup --to +8613800138000 --step reminder";

/// After the options of `tend simulate`.
pub const SIMULATE: &str = "\
The data are copied into a database of their own, which is dropped afterwards; the original is only read. docs/simulate.md
says what is assumed.

Examples:
  tend simulate --to 2026-12-31 --html year.html
  tend --jobs jobs simulate --from 2026-06-01 --to 2026-08-31 --compare ../jobs-new
  tend simulate --to 2026-12-31 --keep     # and look at the copy with psql";

/// After the options of `tend calendar`.
pub const CALENDAR: &str = "\
How the files are written, and what counts how: docs/calendars.md.

Examples:
  tend calendar                              # which there are, and to which day
  tend calendar cn --year 2026               # days off, make-up workdays, working days per month
  tend calendar cn --add '2026-09-30 17:00' 8h
  tend calendar cn --source                  # its file, to make one of your own of it
  tend calendar import holidays.ics --into desk";

/// After the options of `tend calendar import`.
pub const CALENDAR_IMPORT: &str = "\
Read are whole days, ranges of them, and those that come every year; what else there is is named with its line.

Examples:
  tend calendar import holidays.ics                  # as lines for a calendar's file
  tend calendar import holidays.ics --into desk      # added to the file of the calendar desk
  tend calendar import holidays.ics --years 2027-2028";

/// After the options of `tend run`.
pub const RUN: &str = "\
Examples:
  tend run value-tiers
  tend run birthday --at 2026-06-01    # a past morning again: who had the message gets no second one";

/// After the options of `tend backfill`.
pub const BACKFILL: &str = "\
Examples:
  tend backfill value-tiers --from 2026-05-01 --to 2026-05-31";

/// After the options of `tend apply`.
pub const APPLY: &str = "\
Examples:
  tend apply
  tend --jobs /srv/jobs apply";

/// After the options of `tend next`.
pub const NEXT: &str = "\
Examples:
  tend next
  tend next birthday --from 2026-06-01 --count 10";

/// After the options of `tend status`.
pub const STATUS: &str = "\
Examples:
  tend status
  tend status --json";

/// After the options of `tend pause`.
pub const PAUSE: &str = "\
Examples:
  tend pause birthday --note 'the voucher is wrong'
  tend pause --all --note 'the provider has trouble'";

/// After the options of `tend resume`.
pub const RESUME: &str = "\
Examples:
  tend resume birthday
  tend resume --all";

/// After the options of `tend cancel`.
pub const CANCEL: &str = "\
Examples:
  tend cancel 42";

/// After the options of `tend approve`.
pub const APPROVE: &str = "\
Examples:
  tend approve                             # what waits, since when, until when it may be sent
  tend approve invitations --by 'Li Wei'
  tend approve invitations --refuse        # cancel the messages instead
  tend approve winback --run 42            # also what a canary has stopped";

/// After the options of `tend outbox`.
pub const OUTBOX: &str = "\
in_doubt: the connection broke before the answer came, so it may have arrived; look into the provider's log.
held: it waits for a person or an event. dead: the provider refused it for the moment, too often.

Examples:
  tend outbox list
  tend outbox resend 1204 1207
  tend outbox drop 1205
  tend outbox confirm --release     # after a move or a promotion: this database sends, also what was planned before";

/// After the options of `tend outbox confirm`.
pub const CONFIRM: &str = "\
Examples:
  tend outbox confirm             # sending goes on; what was planned before stays held
  tend outbox confirm --release   # the original sends no more and has sent none of it
  tend outbox confirm --drop      # the original sends, or has sent it";

/// After the options of `tend coupons`.
pub const COUPONS: &str = "\
Examples:
  tend coupons import winback-50 codes.csv --expires 2026-12-31 --low-water 500
  tend coupons list";

/// After the options of `tend report`.
pub const REPORT: &str = "\
Examples:
  tend report list monthly-review
  tend report show 42                             # the figures as they were then, and whom they went to
  tend report show 42 --out review                # the mails byte for byte, figures and job file
  tend report show 42 --team north
  tend report resend 42 --to boss@shop.example
  tend report resend 42                           # to everybody who got it";

/// After the options of `tend task`.
pub const TASK: &str = "\
Examples:
  tend task list --of S01 --due today
  tend task list --unassigned
  tend task show 42
  tend task done 42 --result satisfied --note 'all is well' --by S01
  tend task move 42 --to '2026-06-02 15:00' --by S01
  tend task move 42 --staff S02
  tend task cancel 42 --reason 'the customer moved abroad' --by S09";

/// After the options of `tend action`.
pub const ACTION: &str = "\
Examples:
  tend action list
  tend action list --job monthly-review --all
  tend action add monthly-review csat --owner S01 --due 2026-07-31 --what 'Listen to ten calls a week with each agent'
  tend action add monthly-review retention --part tier=high --owner S01 --due 2026-07-31 --what 'Call before they leave'
  tend action done 7 --note 'since 15 June'
  tend action drop 7 --why 'the shop closes'";

/// After the options of `tend override`.
pub const OVERRIDE: &str = "\
Examples:
  tend override value-tiers D0000001 high --until 2026-12-31 --note 'a friend of the house'
  tend override value-tiers D0000001 --clear
  tend override";

/// After the options of `tend import`.
pub const IMPORT: &str = "\
Examples:
  tend import customers customers.csv
  tend import orders -                  # from standard input";

/// After the options of `tend forget`.
pub const FORGET: &str = "\
Examples:
  tend forget D0000001          # what it would take; nothing is changed
  tend forget D0000001 --yes    # it cannot be taken back";

/// After the options of `tend export-customer`.
pub const EXPORT: &str = "\
Examples:
  tend export-customer D0000001";

/// After the options of `tend suppress`.
pub const SUPPRESS: &str = "\
Examples:
  tend suppress ann@example.com                      # nothing goes there any more, from the next message on
  tend suppress ann@example.com --only marketing     # what a customer said on the telephone
  tend suppress ann@example.com --lift";

/// After the options of `tend migrate`.
pub const MIGRATE: &str = "\
Examples:
  tend migrate
  tend migrate --without-crm    # the company provides its customers as views";

/// After the options of `tend demo`.
pub const DEMO: &str = "\
Examples:
  tend demo                        # and again: the next day
  tend demo --customers 100000 --date 2026-06-01";

/// After the options of `tend effects`.
pub const EFFECTS: &str = "\
Examples:
  tend effects                     # all jobs, the last 90 days
  tend effects birthday --from 2026-04-01 --to 2026-06-30 --html birthday.html";

/// After the options of `tend schema`.
pub const SCHEMA: &str = "\
Examples:
  tend schema
  tend schema --markdown";

/// After the options of `tend completions`.
pub const COMPLETIONS: &str = "\
Examples:
  tend completions bash";

/// After the options of `tend bounces`.
pub const BOUNCES: &str = "\
Made for a mail server that pipes mails into a command: 0 when they were read, whatever they were; 75 (try again later) when the
database or a setting is in the way.

Examples:
  tend bounces -                     # a mail from standard input
  tend bounces /var/mail/bounces     # all mails of an mbox; reading one twice changes nothing more";

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _, Parser as _};

    use super::super::Arguments;

    /// The command lines in a text: what stands from `tend` to a comment.
    fn lines(text: &str) -> impl Iterator<Item = Vec<String>> {
        text.lines().filter(|line| line.starts_with("  ")).filter_map(|line| {
            let from = line.find("tend ")?;
            let command = line[from..].split(" #").next().unwrap_or_default().trim();
            let words = command.split('\'').enumerate().flat_map(|(place, part)| match place % 2 {
                0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
                _ => vec![part.to_owned()],
            });
            Some(words.collect())
        })
    }

    #[test]
    fn every_command_shows_examples_and_every_example_is_a_command_line() {
        let all = Arguments::command();
        for command in all.get_subcommands().filter(|command| command.get_name() != "help") {
            let shown = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let mut count = 0;
            for line in lines(&shown) {
                let read = Arguments::try_parse_from(&line);
                assert!(read.is_ok(), "{line:?}: {}", read.err().map(|error| error.to_string()).unwrap_or_default());
                let names: Vec<&str> = std::iter::once(command.get_name())
                    .chain(command.get_subcommands().map(Command::get_name))
                    .collect();
                assert!(line.iter().any(|word| names.contains(&word.as_str())), "{line:?} is about another command");
                count += 1;
            }
            assert!(count > 0, "{} shows no example", command.get_name());
        }
    }
}
