//! A report as a picture (SVG): how latency is distributed, and how many deliveries came in each
//! second.
//!
//! The distribution's horizontal axis is the share of deliveries, drawn so that each further nine
//! (90 %, 99 %, 99.9 %) takes the same width: what is rare is what one wants to see. Text in, text
//! out; nothing here can fail.

use std::fmt::Write;

use super::report::{Point, Report};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
/// Around each of the two charts.
const MARGIN: f64 = 56.0;
/// Nines drawn: up to 99.99 %.
const NINES: f64 = 4.0;

pub fn svg(report: &Report) -> String {
    let curve = &report.latency.curve;
    let slowest = curve.iter().map(|point| point.microseconds).fold(1.0, f64::max);
    let latency: Vec<(f64, f64)> =
        curve.iter().map(|point| (nines(point) / NINES, point.microseconds / slowest)).collect();
    let most = report.timeline.iter().max().copied().unwrap_or(0).max(1) as f64;
    let seconds = report.timeline.len().max(2) as f64 - 1.0;
    let rate: Vec<(f64, f64)> = (report.timeline.iter().enumerate())
        .map(|(second, &count)| (second as f64 / seconds, count as f64 / most))
        .collect();

    let (width, height) = (WIDTH + 2.0 * MARGIN, 2.0 * (HEIGHT + 2.0 * MARGIN));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" \
         fill=\"white\"/>\n"
    );
    let what = format!(
        "{}: {} connections, {} rooms, {} bytes",
        report.workload, report.connections, report.rooms, report.size
    );
    let below = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"].map(str::to_owned);
    let title = format!("{what}: latency, up to {:.2} ms", slowest / 1e3);
    chart(&mut text, MARGIN, &title, &below, &latency);
    let below = ["0 s".to_owned(), format!("{seconds:.0} s")];
    let title = format!("deliveries in each second, up to {most:.0}");
    chart(&mut text, HEIGHT + 3.0 * MARGIN, &title, &below, &rate);
    text.push_str("</svg>\n");
    text
}

/// 0 % is at 0, 90 % at 1, 99 % at 2.
fn nines(point: &Point) -> f64 {
    (-(1.0 - point.share).log10()).clamp(0.0, NINES)
}

/// A curve through points between 0 and 1, in a frame whose upper edge is at `top`.
fn chart(text: &mut String, top: f64, title: &str, below: &[String], points: &[(f64, f64)]) {
    let place = |x: f64, y: f64| (MARGIN + x * WIDTH, top + (1.0 - y) * HEIGHT);
    // Writing into a string does not fail.
    let _ = writeln!(text, "<text x=\"{MARGIN}\" y=\"{}\">{title}</text>", top - 12.0);
    let _ = writeln!(
        text,
        "<rect x=\"{MARGIN}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"none\" \
         stroke=\"#bbb\"/>"
    );
    for (index, label) in below.iter().enumerate() {
        let (x, y) = place(index as f64 / (below.len().max(2) - 1) as f64, 0.0);
        let _ = writeln!(
            text,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            y + 18.0
        );
    }
    text.push_str("<polyline fill=\"none\" stroke=\"#0969da\" stroke-width=\"2\" points=\"");
    for &(x, y) in points {
        let (x, y) = place(x, y);
        let _ = write!(text, "{x:.1},{y:.1} ");
    }
    text.push_str("\"/>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_nine_is_one_step() {
        let at = |share| nines(&Point { share, microseconds: 1.0 });
        assert_eq!(at(0.0), 0.0);
        assert!((at(0.9) - 1.0).abs() < 1e-9 && (at(0.999) - 3.0).abs() < 1e-9);
        assert_eq!(at(1.0), NINES);
    }

    #[test]
    fn the_corners_of_a_chart() {
        let mut text = String::new();
        chart(&mut text, 10.0, "title", &["a".to_owned()], &[(0.0, 0.0), (1.0, 1.0)]);
        assert!(text.contains("points=\"56.0,250.0 776.0,10.0 \""), "{text}");
        assert!(text.contains(">title<") && text.contains(">a<"));
    }
}
