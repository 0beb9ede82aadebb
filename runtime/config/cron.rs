//! Cron expressions: five fields, UTC, as `crons` of `partykit.json` has them.
//!
//! Weekdays count as Cloudflare counts them: 1 is Sunday, 7 is Saturday. Knows no clock: whoever asks
//! says from when on.

use chrono::{DateTime, Utc};
use croner::parser::CronParser;

/// A moment to look from whether an expression is ever due: 2026-11-24.
const ANY_TIME: i64 = 1_795_478_400_000;

#[derive(Debug, Clone)]
pub struct Cron {
    expression: String,
    parsed: croner::Cron,
}

impl Cron {
    /// Parses an expression; the error says what is wrong with it.
    pub fn parse(expression: &str) -> Result<Self, String> {
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let [_, _, _, _, weekday] = fields[..] else {
            return Err(format!(
                "a cron expression has five fields (minute hour day month weekday), this one has {}",
                fields.len()
            ));
        };
        if names_day_zero(weekday) {
            return Err("weekdays go from 1 (Sunday) to 7 (Saturday); there is no 0".to_owned());
        }
        let parsed = CronParser::builder()
            .alternative_weekdays(true)
            .build()
            .parse(expression)
            .map_err(|error| error.to_string())?;
        let cron = Self { expression: expression.to_owned(), parsed };
        if cron.next_after(ANY_TIME).is_none() {
            return Err("there is no such day: it would never run".to_owned());
        }
        Ok(cron)
    }

    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The first run after this moment, both in ms since the epoch.
    pub fn next_after(&self, ms: i64) -> Option<i64> {
        // A run is due at the beginning of its minute, whatever part of a second it is now.
        let from = DateTime::<Utc>::from_timestamp(ms.div_euclid(1000), 0)?;
        let next = self.parsed.find_next_occurrence(&from, false).ok()?;
        Some(next.timestamp_millis())
    }
}

/// Other crons count Sunday as 0; what follows a `/` is a step and no day.
fn names_day_zero(weekday: &str) -> bool {
    weekday.split(',').any(|part| {
        let days = part.split('/').next().unwrap_or(part);
        days.split('-').any(|day| day == "0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tuesday, 2026-11-24T00:00:00Z.
    const TUESDAY: i64 = 1_795_478_400_000;
    const DAY: i64 = 86_400_000;

    #[test]
    fn r_88_expressions_are_checked_and_count_in_utc() {
        let cron = Cron::parse("0 3 1 1 *").unwrap();
        // 2027-01-01T03:00:00Z
        assert_eq!(cron.next_after(TUESDAY), Some(1_798_772_400_000));
        // Half past a second does not make it half past a second.
        let minutely = Cron::parse("* * * * *").unwrap();
        for ms in [0, 1, 165, 59_999] {
            assert_eq!(minutely.next_after(TUESDAY + ms), Some(TUESDAY + 60_000));
        }
        assert!(Cron::parse("61 * * * *").is_err());
        assert!(Cron::parse("* * * *").unwrap_err().contains("five fields"));
        assert!(Cron::parse("* * * * * *").unwrap_err().contains("five fields"));
        for never in ["0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
            assert!(Cron::parse(never).unwrap_err().contains("never run"), "{never}");
        }
        assert!(Cron::parse("0 0 29 2 *").is_ok());
    }

    #[test]
    fn r_88_weekdays_count_from_sunday_as_1() {
        let days_until = |expression: &str| {
            let cron = Cron::parse(expression).unwrap();
            // One millisecond earlier, so that Tuesday itself counts.
            (cron.next_after(TUESDAY - 1).unwrap() - TUESDAY) / DAY
        };
        let weekdays = [("1", 5), ("2", 6), ("3", 0), ("4", 1), ("5", 2), ("6", 3), ("7", 4)];
        let names = [("SUN", 5), ("MON", 6), ("TUE", 0), ("sat", 4), ("MON-FRI", 0), ("6-7", 3)];
        for (weekday, days) in weekdays.into_iter().chain(names) {
            assert_eq!(days_until(&format!("0 0 * * {weekday}")), days, "{weekday}");
        }
        for zero in ["0", "0-3", "2,0", "0/2"] {
            let error = Cron::parse(&format!("0 0 * * {zero}")).unwrap_err();
            assert!(error.contains("1 (Sunday)"), "{zero}: {error}");
        }
        assert!(Cron::parse("0 0 * * 8").is_err());
    }
}
