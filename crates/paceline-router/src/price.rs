use paceline_core::Demand;

/// What a request costs in money.
///
/// Prices of tokens are in micro-dollars per million tokens, so that 0.15 dollars a million is the
/// whole number 150,000. Any other currency does as well, if all targets of a router share it.
///
/// # Examples
///
/// ```
/// use paceline_core::Demand;
/// use paceline_router::Price;
///
/// let price = Price { input: 150_000, output: 600_000, request: 0 };
/// let demand = Demand { requests: 1, input_tokens: 1_000, output_tokens: 500 };
/// // 150 and 300 millionths of a dollar.
/// assert_eq!(price.of(demand), 450);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Price {
    /// Micro-dollars per million tokens sent.
    pub input: u64,
    /// Micro-dollars per million tokens received.
    pub output: u64,
    /// Micro-dollars per request, whatever its tokens.
    pub request: u64,
}

/// Tokens to which a price applies.
const MILLION: u128 = 1_000_000;

impl Price {
    /// The price of `demand` in micro-dollars, rounded up; saturates at [`u64::MAX`].
    pub fn of(self, demand: Demand) -> u64 {
        u64::try_from(self.exactly(demand).div_ceil(MILLION)).unwrap_or(u64::MAX)
    }

    /// The price of `demand` in millionths of a micro-dollar; saturates at [`u128::MAX`].
    pub(crate) fn exactly(self, demand: Demand) -> u128 {
        // Below 2^64 times below 2^64 cannot overflow; the sum can.
        let times = |price: u64, count: u64| u128::from(price) * u128::from(count);
        times(self.request, demand.requests)
            .saturating_mul(MILLION)
            .saturating_add(times(self.input, demand.input_tokens))
            .saturating_add(times(self.output, demand.output_tokens))
    }
}
