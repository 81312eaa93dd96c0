//! Percentiles of sorted figures.

/// The smallest figure that `percent` of all figures do not exceed (nearest rank); 0 when there are none.
pub fn percentile(sorted: &[u32], percent: usize) -> u32 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_the_nearest_one_above() {
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!((percentile(&hundred, 50), percentile(&hundred, 99)), (50, 99));
        assert_eq!(percentile(&[10, 20, 30], 50), 20);
        assert_eq!(percentile(&[10, 20, 30], 99), 30);
        assert_eq!(percentile(&[10], 50), 10);
    }

    #[test]
    fn there_is_no_percentile_of_nothing() {
        assert_eq!(percentile(&[], 99), 0);
    }
}
