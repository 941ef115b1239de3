//! Generates bars that look like a market's, from a seed.
//!
//! Invariant: the same arguments give the same bytes on every machine. It returns text and writes no files.

/// A random walk with a header line.
pub(crate) fn series(seed: u64, start: &str, step_seconds: i64, rows: u64, price: f64) -> String {
    let mut random = Random(seed);
    let mut time: jiff::Timestamp = start.parse().unwrap_or_default();
    let mut text = String::from("timestamp,open,high,low,close,volume\n");
    let digits = if price < 10.0 { 5 } else { 2 };
    let mut open = price;
    for _ in 0..rows {
        let spread = price * 0.004;
        let close = (open + (random.next() - 0.5) * spread).max(price * 0.1);
        let high = open.max(close) + random.next() * spread / 2.0;
        let low = open.min(close) - random.next() * spread / 2.0;
        let volume = (random.next() * 90_000.0).round();
        text.push_str(&format!(
            "{time},{open:.digits$},{high:.digits$},{low:.digits$},{close:.digits$},{volume:.1}\n"
        ));
        open = close;
        time += jiff::SignedDuration::from_secs(step_seconds);
    }
    text
}

/// SplitMix64: small, and the same on every machine and in every version.
struct Random(u64);

impl Random {
    /// In 0..1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
