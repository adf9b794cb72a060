//! Moments of requests within a sliding window, for all replicas.

/// Moments to book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Name of the action, which has a window of its own.
    pub action: String,
    /// Number of moments, at most [`MAX_MOMENTS`](super::limits::MAX_MOMENTS).
    pub count: usize,
    /// Requests that are allowed in a window, at most [`MAX_MOMENTS`](super::limits::MAX_MOMENTS).
    pub limit: usize,
    /// Length of the window, in milliseconds: 1,000, the 25 by which a request may be late, and the margin for its latency.
    pub window: i64,
    /// Delay of the first moment, in milliseconds. It allows for the latency of the store.
    pub delay: i64,
    /// How far ahead moments are booked at most, in milliseconds. It bounds what a process that ends leaves unused.
    pub horizon: i64,
}

impl Pace {
    /// Returns the number of moments that could be booked now, up to `count`.
    pub(crate) fn free(&self, booked: Vec<i64>, now: i64) -> usize {
        let mut state = Moments { booked, at: now };
        // Later ones are in no window with this time.
        state.booked.retain(|moment| *moment < now.saturating_add(self.window));
        book(&mut state, now, self).moments.len()
    }
}

/// Booked moments. Times are those of the clock of the store, in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Booking {
    /// Time of the booking, read after the row was locked.
    pub now: i64,
    /// Moments, ascending. Fewer than requested if the horizon has no more.
    pub moments: Vec<i64>,
    /// Earliest time at which a further moment could be booked, if `moments` has fewer than requested.
    pub again_at: Option<i64>,
}

/// Time by which the clock of the store may go back without a stop, in milliseconds. It is within the margin of the window.
const CLOCK_STEP_MS: i64 = 10;

/// Windows until the horizon that are full after the clock went back, at most.
const MAX_FULL_WINDOWS: i64 = 16;

/// Moments of an action, and the time of the latest booking.
#[derive(Clone, Default)]
pub(crate) struct Moments {
    pub(crate) booked: Vec<i64>,
    pub(crate) at: i64,
}

/// Books up to `pace.count` moments at or after `now` and the delay in `state`, and removes the ones that no longer matter.
///
/// No window of `pace.window` milliseconds contains more than `pace.limit` moments.
pub(crate) fn book(state: &mut Moments, now: i64, pace: &Pace) -> Booking {
    let booked = &mut state.booked;
    booked.sort_unstable();
    let latest = now.saturating_add(pace.horizon);
    // The clock of the store went back, for instance because another server took over. By how much is not known: requests may have been
    // sent in the last real second, and may follow until the horizon. So the next moment is one window after it.
    if now < state.at.saturating_sub(CLOCK_STEP_MS) {
        let full = (0..MAX_FULL_WINDOWS).map(|n| now.saturating_add(pace.window.saturating_mul(n)));
        let full = full.take_while(|moment| *moment < latest).chain([latest]);
        *booked = full.flat_map(|moment| std::iter::repeat_n(moment, pace.limit)).collect();
    }
    state.at = now;
    booked.retain(|moment| *moment > now.saturating_sub(pace.window));
    let mut moments = Vec::new();
    let mut again_at = None;
    for _ in 0..pace.count {
        let next = earliest(booked.as_slice(), now.saturating_add(pace.delay), pace);
        if next > latest {
            again_at = Some(next.saturating_sub(pace.horizon));
            break;
        }
        let place = booked.partition_point(|moment| *moment <= next);
        booked.insert(place, next);
        moments.push(next);
    }
    Booking { now, moments, again_at }
}

/// Returns the earliest moment at or after `first` with which no window has too many.
fn earliest(booked: &[i64], first: i64, pace: &Pace) -> i64 {
    let candidates = std::iter::once(first)
        .chain(booked.iter().map(|moment| moment.saturating_add(pace.window)))
        .filter(|candidate| *candidate >= first);
    // `booked` is sorted, so the candidates are, except that `first` may be equal to the first one.
    for candidate in candidates {
        if fits(booked, candidate, pace) {
            return candidate;
        }
    }
    // The last candidate is one window after every moment, so it fits unless the limit is 0.
    i64::MAX
}

/// Returns true if no window that contains `candidate` has more than the limit, `candidate` included.
fn fits(booked: &[i64], candidate: i64, pace: &Pace) -> bool {
    let starts = booked.iter().copied().chain([candidate]);
    // A window with too many moments can be shifted so that it starts at a moment.
    starts.filter(|start| *start <= candidate && candidate < start.saturating_add(pace.window)).all(
        |start| {
            let inside = booked
                .iter()
                .filter(|moment| **moment >= start && **moment < start.saturating_add(pace.window))
                .count();
            inside < pace.limit
        },
    )
}

/// Removes moments at which no request was sent.
pub(crate) fn release(booked: &mut Vec<i64>, moments: &[i64]) {
    for moment in moments {
        if let Some(place) = booked.iter().position(|other| other == moment) {
            booked.remove(place);
        }
    }
}
