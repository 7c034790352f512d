-- One decision over all limits of a request: all of them are charged, or none.
-- KEYS[1] is the pause that all share, KEYS[1 + i] is limit i. ARGV[1] says what to do, then come the
-- fields of each limit in turn. All numbers are integers below 2^53, so that doubles hold them exactly.
local LARGEST = 4503599627370496
local HOUR = 3600000000
local DAY_MS = 86400000
local MOMENTS = 32
local floor, max, min = math.floor, math.max, math.min

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local anomalies, lost = 0, 0

local function text(number)
  return string.format('%.0f', number)
end

-- The value of a key: nil if there is none, false if it is not a string.
local function read(key)
  local value = redis.pcall('GET', key)
  if type(value) == 'table' then return false end
  return value or nil
end

local function write(key, value, us)
  redis.call('SET', key, value, 'PX', text(min(floor(us / 1000), LARGEST) + 1000))
end

-- Integers within range, or nil.
local function numbers(...)
  local all = { ... }
  for i = 1, select('#', ...) do
    local digits = all[i]
    if not digits then return nil end
    all[i] = tonumber(digits)
    if all[i] > LARGEST then return nil end
  end
  return all
end

-- a * b / c rounded down, and the rest, for b <= c.
local function scaled(a, b, c)
  if a * b < LARGEST then
    local product = a * b
    local quotient = floor(product / c)
    return quotient, product - quotient * c
  end
  local quotient, rest, bit = 0, 0, 1
  while bit * 2 <= a do bit = bit * 2 end
  while bit >= 1 do
    quotient, rest = quotient * 2, rest * 2
    if rest >= c then quotient, rest = quotient + 1, rest - c end
    if a >= bit then
      a, rest = a - bit, rest + b
      if rest >= c then quotient, rest = quotient + 1, rest - c end
    end
    bit = bit / 2
  end
  return quotient, rest
end
