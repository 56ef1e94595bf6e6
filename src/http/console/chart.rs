//! Charts, drawn as SVG on the server: what a page's policy allows, and what a printer prints.

use std::fmt::{self, Write};

use askama::filters::HtmlSafe;

use crate::http::console::shown::count;
use crate::model::activity::{Channel, DaysSeen};
use crate::model::days::Day;
use crate::model::trend::TrendDay;

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

/// How high the chart of a trend is drawn. It is stretched to whatever room there is, so that its
/// labels stand beside it and not in it.
const HEIGHT: u64 = 100;

/// How many were active and how many stale, day after day: two areas, one upon the other.
pub struct TrendChart {
    drawing: String,
    /// The same in words.
    pub summary: String,
    /// What stands at the top, in the middle and at the bottom of its height.
    pub heights: [String; 3],
    /// The first day, the one in the middle and the last.
    pub days: [Day; 3],
    /// The figures, the latest day first.
    pub table: Vec<(Day, String, String)>,
}

impl TrendChart {
    /// Of these days, the earliest first; `None` when there are none.
    pub fn of(trend: &[TrendDay]) -> Option<Self> {
        let (first, last) = (trend.first()?, trend.last()?);
        let most = trend.iter().map(|day| day.active + day.stale).max();
        let top = round_above(most.unwrap_or_default());
        let active = area(trend, top, |day| (0, day.active));
        let stale = area(trend, top, |day| (day.active, day.active + day.stale));
        let summary = format!(
            "On {} {} were active and {} stale; on {} {} were active and {} stale.",
            first.day,
            count(first.active),
            count(first.stale),
            last.day,
            count(last.active),
            count(last.stale)
        );
        let (width, half) = (trend.len().saturating_sub(1).max(1), HEIGHT / 2);
        let drawing = format!(
            "<svg class=\"trend\" role=\"img\" aria-label=\"{summary}\" \
             viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\">\
             <polygon class=\"stale\" points=\"{stale}\"/>\
             <polygon class=\"active\" points=\"{active}\"/>\
             <path class=\"lines\" d=\"M0 0H{width}M0 {half}H{width}M0 {HEIGHT}H{width}\"/></svg>"
        );
        let rows = trend.iter().rev();
        Some(Self {
            drawing,
            summary,
            heights: [top, top / 2, 0].map(count),
            days: [first.day, trend[trend.len() / 2].day, last.day],
            table: rows
                .map(|day| (day.day, count(day.active), count(day.stale)))
                .collect(),
        })
    }
}

/// The corners of an area between two heights on each day.
fn area(trend: &[TrendDay], top: u64, heights: impl Fn(&TrendDay) -> (u64, u64)) -> String {
    let corner = |(day, height): (usize, u64)| {
        // In hundredths, which is finer than a screen.
        let y = (HEIGHT * 100).saturating_sub(height.saturating_mul(HEIGHT * 100) / top);
        format!("{day},{}.{:02}", y / 100, y % 100)
    };
    let upper = trend.iter().map(|day| heights(day).1).enumerate();
    let lower = trend.iter().map(|day| heights(day).0).enumerate().rev();
    let corners: Vec<String> = upper.chain(lower).map(corner).collect();
    corners.join(" ")
}

/// The next number from that on of which half is a whole one, and that people like: 2, 4, 6, 8 or 10,
/// or one of them with zeros.
fn round_above(number: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        let fine = [2, 4, 6, 8, 10].map(|steps| unit.saturating_mul(steps));
        if let Some(fine) = fine.into_iter().find(|fine| *fine >= number) {
            return fine;
        }
        unit = unit.saturating_mul(10);
    }
}

impl fmt::Display for TrendChart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.drawing)
    }
}

/// It is made of numbers and our own words.
impl HtmlSafe for TrendChart {}

/// A bar of a list: its part of the longest, which says nothing that does not stand beside it.
pub struct Bar(pub u64);

impl Bar {
    /// The bar of a number beside the longest one.
    pub fn of(number: u64, most: u64) -> Self {
        Self(number.saturating_mul(100) / most.max(1))
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "<svg class=\"share\" aria-hidden=\"true\" viewBox=\"0 0 100 1\" \
             preserveAspectRatio=\"none\"><rect width=\"{}\" height=\"1\"/></svg>",
            self.0
        )
    }
}

/// It is made of a number and our own words.
impl HtmlSafe for Bar {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_is_drawn_below_a_round_number() {
        for (number, above) in [
            (0, 2),
            (2, 2),
            (3, 4),
            (10, 10),
            (11, 20),
            (99_000, 100_000),
        ] {
            assert_eq!(round_above(number), above);
        }
        let day = |day, active, stale| TrendDay {
            day: Day::parse(day).unwrap(),
            active,
            stale,
        };
        let trend = [day("2026-02-23", 1, 0), day("2026-02-24", 1, 2)];
        let chart = TrendChart::of(&trend).unwrap();
        assert_eq!(chart.heights, ["4", "2", "0"]);
        let drawing = chart.to_string();
        let stale = "points=\"0,75.00 1,25.00 1,75.00 0,75.00\"";
        let active = "points=\"0,75.00 1,75.00 1,100.00 0,100.00\"";
        assert!(
            drawing.contains(stale) && drawing.contains(active),
            "{drawing}"
        );
        assert!(TrendChart::of(&[]).is_none());
    }
}
