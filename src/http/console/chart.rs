//! Charts, drawn as SVG on the server: what a page's policy allows, and what a printer prints.

use std::fmt::{self, Write};

use askama::filters::HtmlSafe;

use crate::model::activity::{Channel, DaysSeen};
use crate::model::days::Day;

/// Days that the chart of a person shows: about half a year.
const DAYS: i32 = 182;
/// The side of a day's square and the distance of two, in the drawing's units.
const SQUARE: i32 = 10;
const STEP: i32 = 12;

/// The days on which somebody was seen: a square a day, a column a week, as in a calendar.
pub struct DayChart {
    drawing: String,
    /// The same in words.
    pub summary: String,
}

impl DayChart {
    /// The last half year up to `today`.
    pub fn of(seen: &DaysSeen, today: Day) -> Self {
        let first = today.plus(1 - DAYS);
        let first = first.plus(-first.of_week());
        let mut drawing = String::new();
        let mut count = 0;
        for offset in 0..=today.since(first) {
            let day = first.plus(offset);
            let channels = Channel::ALL.into_iter();
            let on: Vec<&str> = channels
                .filter(|channel| seen.on(*channel).contains(day))
                .map(|channel| match channel {
                    Channel::Desktop => "desktop",
                    Channel::Web => "browser",
                })
                .collect();
            count += i32::from(!on.is_empty());
            let (x, y) = (offset / 7 * STEP, day.of_week() * STEP);
            let said = if on.is_empty() {
                "not seen".to_owned()
            } else {
                on.join(" and ")
            };
            write!(
                drawing,
                "<rect class=\"seen-{}\" x=\"{x}\" y=\"{y}\" width=\"{SQUARE}\" height=\"{SQUARE}\" \
                 rx=\"2\"><title>{day}: {said}</title></rect>",
                on.len()
            )
            .expect("a String takes all that is written to it");
        }
        let weeks = today.since(first) / 7 + 1;
        let summary = format!(
            "Seen on {count} of the last {} days.",
            today.since(first) + 1
        );
        let (width, height) = (weeks * STEP, 7 * STEP);
        let drawing = format!(
            "<svg class=\"days\" role=\"img\" aria-label=\"{summary}\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\">{drawing}</svg>"
        );
        Self { drawing, summary }
    }
}

impl fmt::Display for DayChart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.drawing)
    }
}

/// It is made of numbers and our own words.
impl HtmlSafe for DayChart {}
