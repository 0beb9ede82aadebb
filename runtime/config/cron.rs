//! Cron expressions: five fields, UTC, as `crons` of `partykit.json` has them.

use std::str::FromStr;

use chrono::{DateTime, Utc};

#[derive(Debug, Clone)]
pub struct Cron {
    expression: String,
    parsed: croner::Cron,
}

impl Cron {
    /// Parses an expression; the error says what is wrong with it.
    pub fn parse(expression: &str) -> Result<Self, String> {
        let fields = expression.split_whitespace().count();
        if fields != 5 {
            return Err(format!(
                "a cron expression has five fields (minute hour day month weekday), this one has {fields}"
            ));
        }
        let parsed = croner::Cron::from_str(expression).map_err(|error| error.to_string())?;
        Ok(Self { expression: expression.to_owned(), parsed })
    }

    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The first run after this moment, both in ms since the epoch.
    pub fn next_after(&self, ms: i64) -> Option<i64> {
        let from = DateTime::<Utc>::from_timestamp_millis(ms)?;
        let next = self.parsed.find_next_occurrence(&from, false).ok()?;
        Some(next.timestamp_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_88_expressions_are_checked_and_count_in_utc() {
        let cron = Cron::parse("0 3 1 1 *").unwrap();
        // 2026-11-24T00:00:00Z → 2027-01-01T03:00:00Z
        assert_eq!(cron.next_after(1_795_478_400_000), Some(1_798_772_400_000));
        let every = Cron::parse("*/5 * * * MON-FRI").unwrap();
        assert!(every.next_after(0).is_some());
        assert!(Cron::parse("61 * * * *").is_err());
        assert!(Cron::parse("* * * *").unwrap_err().contains("five fields"));
    }
}
