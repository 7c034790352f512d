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
    if not digits or #digits > 16 then return nil end
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

local GCRA = '^g1 (%d+) (%d+) (%d+) (%d+) (%d+ %d+ %d+ %d+) ([%d:,]*)$'

-- The state of a GCRA: how far its TAT runs ahead of now, in microseconds and parts of one.
local function gcra_read(key)
  local value = read(key)
  if value == false then return false end
  if value == nil then
    return { lead = 0, part = 0, serial = now, moments = {} }
  end
  local tat, part, last, serial, shape, moments = value:match(GCRA)
  local all = numbers(tat, part, last, serial)
  if not all then return false end
  local state = { part = all[2], serial = all[4], shape = shape, moments = {} }
  for at, left in moments:gmatch('(%d+):(%d+),') do
    local pair = numbers(at, left)
    if not pair then return false end
    state.moments[#state.moments + 1] = pair
  end
  state.lead = all[1] - now
  if now < all[3] then
    -- The clock was set back. No time is known to have passed since the last decision; from now on it does.
    anomalies, state.dirty = anomalies + 1, true
    state.lead = all[1] - all[3]
  end
  if state.lead < 0 then state.lead, state.part = 0, 0 end
  return state
end

local function gcra_write(key, state)
  local moments = {}
  for i, moment in ipairs(state.moments) do
    moments[i] = text(moment[1]) .. ':' .. text(moment[2]) .. ','
  end
  local value = { 'g1', text(now + state.lead), text(state.part), text(now), text(state.serial),
    state.shape, table.concat(moments) }
  write(key, table.concat(value, ' '), state.lead)
end

-- Nothing that was charged until now is given back any more.
local function gcra_forget(state)
  state.serial = state.serial + 1
  state.moments = { { state.serial, 0 } }
end

-- Another quota than before: what was available stays so, as far as the new burst reaches.
local function gcra_reshape(state, shape, burst, cells)
  local old_burst, old_cells = state.shape:match('^(%d+) %d+ %d+ (%d+)$')
  local old = numbers(old_burst, old_cells)
  state.shape, state.part = shape, 0
  gcra_forget(state)
  if not old or old[1] < 1 or old[2] < 1 then
    state.lead = burst + 1
    return
  end
  local left = old[1] - state.lead - 1
  local slack = 1 / 1099511627776
  if left >= 0 then
    local kept = left / old[1] * old[2] * (1 - slack)
    local until_full = floor(min(kept, cells) / cells * burst * (1 - slack))
    state.lead = burst + 1 - until_full
  else
    local debt = min(-left / old[1] * old[2] * (1 + slack), cells)
    state.lead = burst + 1 + min(floor(debt / cells * burst * (1 + slack)) + 1, burst)
  end
end

-- Charges a span. The moment just before it bounds what may be given back across it.
local function gcra_charge(state, whole, part, parts, most)
  if whole == 0 and part == 0 then return end
  state.serial = state.serial + 1
  local moments = state.moments
  while #moments > 0 and moments[#moments][2] >= state.lead do moments[#moments] = nil end
  moments[#moments + 1] = { state.serial, state.lead }
  if #moments > MOMENTS then
    local closest = 1
    for i = 2, #moments - 1 do
      if moments[i + 1][2] - moments[i][2] < moments[closest + 1][2] - moments[closest][2] then
        closest = i
      end
    end
    moments[closest + 1][2] = moments[closest][2]
    table.remove(moments, closest)
  end
  state.lead, state.part = state.lead + whole, state.part + part
  if state.part >= parts then state.lead, state.part = state.lead + 1, state.part - parts end
  if state.lead > most then state.lead, state.part = most, 0 end
end

-- How long until a span fits that leaves this room, in whole microseconds rounded up.
local function gcra_wait(state, room, room_part)
  local wait = state.lead - room
  if state.part > room_part then wait = wait + 1 end
  return max(wait, 0)
end

local gcra = {}

-- g, span, part, room, part, owed, part, then the shape: burst, part, parts, cells.
function gcra.look(key, at)
  local whole, part, room, room_part = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local shape = table.concat({ ARGV[at + 7], ARGV[at + 8], ARGV[at + 9], ARGV[at + 10] }, ' ')
  local burst, parts, cells = tonumber(ARGV[at + 7]), tonumber(ARGV[at + 9]), tonumber(ARGV[at + 10])
  local state = gcra_read(key)
  if not state then return nil, at + 11 end
  state.whole, state.span_part = tonumber(whole), tonumber(part)
  state.room, state.room_part = tonumber(room), tonumber(room_part)
  state.parts, state.most = parts, 2 * burst + 1
  if state.shape and state.shape ~= shape then
    gcra_reshape(state, shape, burst, cells)
  elseif state.lead > state.most or state.part >= parts then
    -- No decision wrote this.
    anomalies, state.dirty = anomalies + 1, true
    state.lead, state.part = burst + 1, 0
    gcra_forget(state)
  end
  state.shape = shape
  local owed, owed_part = tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  state.dirty = state.dirty or owed > 0 or owed_part > 0
  state.costs = state.whole > 0 or state.span_part > 0
  gcra_charge(state, owed, owed_part, parts, state.most)
  return state, at + 11
end

function gcra.wait(state)
  if not state.costs then return 0 end
  return gcra_wait(state, state.room, state.room_part)
end

function gcra.charge(state)
  gcra_charge(state, state.whole, state.span_part, state.parts, state.most)
end

gcra.write = gcra_write

function gcra.tell(state)
  return state.serial, 0, 0, 0
end

-- g, span, part, serial, then the shape.
function gcra.give_back(key, at)
  local whole, part, serial = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local shape = table.concat({ ARGV[at + 4], ARGV[at + 5], ARGV[at + 6], ARGV[at + 7] }, ' ')
  local parts = tonumber(ARGV[at + 6])
  local state = gcra_read(key)
  if state and state.shape == shape and state.part < parts then
    local most = state.lead
    for _, moment in ipairs(state.moments) do
      if moment[1] > serial then most = min(most, moment[2]) break end
    end
    local needed = whole
    if part > 0 then needed = needed + 1 end
    if needed <= most then
      state.lead, state.part = state.lead - whole, state.part - part
      if state.part < 0 then state.lead, state.part = state.lead - 1, state.part + parts end
    else
      needed = most
      state.lead = state.lead - most
    end
    local kept = {}
    for _, moment in ipairs(state.moments) do
      if moment[1] > serial then moment[2] = moment[2] - needed end
      while #kept > 0 and kept[#kept][2] >= moment[2] do kept[#kept] = nil end
      kept[#kept + 1] = moment
    end
    state.moments = kept
    if needed > 0 then gcra_write(key, state) end
  end
  return at + 8
end

local SLIDING = '^s1 (%d+) (%d+) (%d+) (%d+) (%d+)$'
local sliding = {}

local function sliding_read(key, period)
  local value = read(key)
  if value == false then return false end
  local bucket = floor(now / period)
  local state = { bucket = bucket, current = 0, previous = 0, period = period }
  if value == nil then return state end
  local all = numbers(value:match(SLIDING))
  if not all or all[5] ~= period then return false end
  if now < all[4] then
    anomalies, state.dirty = anomalies + 1, true
    if all[1] > bucket then
      -- The clock was set back: when these came, it can no longer tell.
      all[1], all[2], all[3] = bucket, min(all[2] + all[3], LARGEST), 0
    end
  end
  if all[1] == bucket then
    state.current, state.previous = all[2], all[3]
  elseif all[1] == bucket - 1 then
    state.previous = all[2]
  end
  return state
end

-- s, cost, limit, period, weighted, owed.
function sliding.look(key, at)
  local period = tonumber(ARGV[at + 3])
  local state = sliding_read(key, period)
  if not state then return nil, at + 6 end
  state.cost, state.limit = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  state.weighted, state.costs = ARGV[at + 4] == '1', state.cost > 0
  local owed = tonumber(ARGV[at + 5])
  state.dirty = state.dirty or owed > 0
  state.current = min(state.current + owed, LARGEST)
  return state, at + 6
end

function sliding.wait(state)
  local cost, limit, period = state.cost, state.limit, state.period
  if cost == 0 then return 0 end
  local elapsed = now - state.bucket * period
  local previous = state.previous
  if state.weighted then
    local quotient, rest = scaled(previous, period - elapsed, period)
    previous = quotient
    if rest > 0 then previous = previous + 1 end
  end
  if state.current + previous + cost <= limit then return 0 end
  local room = limit - cost
  local counted, begins = state.previous, 0
  if state.current > room then
    counted, begins = state.current, period
  else
    room = room - state.current
  end
  if not state.weighted or counted <= room then return begins + period - elapsed end
  local rest = scaled(period, room, counted)
  return begins + period - rest - elapsed
end

function sliding.charge(state)
  state.current = min(state.current + state.cost, LARGEST)
end

function sliding.write(key, state)
  local value = { 's1', text(state.bucket), text(state.current), text(state.previous), text(now),
    text(state.period) }
  write(key, table.concat(value, ' '), (state.bucket + 2) * state.period - now)
end

function sliding.tell(state)
  return state.bucket, 0, 0, 0
end

-- s, cost, period, bucket.
function sliding.give_back(key, at)
  local cost, bucket = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 3])
  local state = sliding_read(key, tonumber(ARGV[at + 2]))
  if state and state.bucket == bucket then
    state.current = max(state.current - cost, 0)
    sliding.write(key, state)
  elseif state and state.bucket == bucket + 1 then
    state.previous = max(state.previous - cost, 0)
    sliding.write(key, state)
  end
  return at + 4
end

local QUOTA = '^q1 (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$'
local quota = {}

local function quota_read(key)
  local value = read(key)
  if value == false or value == nil then return value end
  local all = numbers(value:match(QUOTA))
  if not all then return false end
  return { ends = all[1], base = all[2], since = all[3], given = all[4], epoch = all[5],
    held = all[6], last = all[7] }
end

-- What a process knows and this state does not: another one was lost, or came back older than it was.
local function quota_learn(state, ends, epoch, granted, given, hold)
  if granted == 0 or ends <= now then return end
  if state.period > 0 and epoch ~= state.epoch and (state.ends == 0 or ends < state.ends) then
    ends = min(ends, now + state.period)
    state.ends = ends
  end
  if ends ~= state.ends then return end
  if epoch ~= state.epoch then
    if granted <= state.base then return end
    state.base = granted
  elseif granted > state.base + state.since then
    state.base, state.since = granted, 0
    state.epoch, state.held = max(now, state.epoch + 1), now + hold
  else
    return
  end
  state.given, state.dirty = max(state.given, given), true
  lost = lost + 1
end

-- q, cost, limit, period, three boundaries, what is known: end, epoch, granted, given; owed, hold.
function quota.look(key, at)
  local next_at = at + 13
  local period, hold = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 12])
  local state = quota_read(key)
  if state == false then return nil, next_at end
  if state == nil then
    -- Nobody was ever here, or all is lost: who knows better tells before anything is granted.
    state = { ends = 0, base = 0, since = 0, given = 0, epoch = now, held = now + hold, last = now,
      dirty = true }
  end
  state.cost, state.limit, state.period = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), period
  state.costs, state.held = state.cost > 0, min(state.held, now + hold)
  local opens, latest = 0, now + period
  if period == 0 then
    local first, second, third =
      tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
    opens, latest = second, third
    if now >= second then opens = third end
    if now < first or now >= third then state.unknown = true end
  end
  if now < state.last then anomalies, state.dirty = anomalies + 1, true end
  if now >= state.ends then
    state.ends, state.base, state.since, state.given = opens, 0, 0, 0
  elseif state.ends > latest then
    state.ends = max(opens, now + period)
    anomalies, state.dirty = anomalies + 1, true
  end
  quota_learn(state, tonumber(ARGV[at + 7]), tonumber(ARGV[at + 8]), tonumber(ARGV[at + 9]),
    tonumber(ARGV[at + 10]), hold)
  local owed = tonumber(ARGV[at + 11])
  if owed > 0 then
    state.dirty = true
    if state.ends == 0 then state.ends = now + period end
    state.since = min(state.since + owed, LARGEST)
  end
  return state, next_at
end

function quota.wait(state)
  if not state.costs then return 0 end
  local wait = max(state.held - now, 0)
  if state.base + state.since - state.given + state.cost > state.limit then
    wait = max(wait, state.ends - now)
  end
  return wait
end

function quota.charge(state)
  if state.ends == 0 then state.ends = now + state.period end
  state.since = min(state.since + state.cost, LARGEST)
end

function quota.write(key, state)
  local value = { 'q1', text(state.ends), text(state.base), text(state.since), text(state.given),
    text(state.epoch), text(state.held), text(now) }
  write(key, table.concat(value, ' '), max(state.ends - now, 0) + DAY_MS * 1000)
end

function quota.tell(state)
  return state.ends, state.epoch, state.base + state.since, state.given
end

-- q, cost, end, epoch.
function quota.give_back(key, at)
  local state = quota_read(key)
  if state and state.ends == tonumber(ARGV[at + 2]) and state.epoch == tonumber(ARGV[at + 3])
    and now < state.ends then
    state.given = min(state.given + tonumber(ARGV[at + 1]), state.base + state.since)
    quota.write(key, state)
  end
  return at + 4
end

local kinds = { g = gcra, s = sliding, q = quota }

local function pause()
  local value = read(KEYS[1])
  if value == nil then return 0 end
  local all = value and numbers(value:match('^p1 (%d+)$'))
  if not all then return nil end
  return min(max(all[1] - now, 0), HOUR)
end

if ARGV[1] == 'close' then
  local us = max(min(tonumber(ARGV[2]), HOUR), pause() or 0)
  write(KEYS[1], 'p1 ' .. text(now + us), us)
  return { 1, now }
end

if ARGV[1] == 'back' then
  local at = 2
  for i = 2, #KEYS do at = kinds[ARGV[at]].give_back(KEYS[i], at) end
  return { 1, now }
end

local states, at = {}, 2
local wait, binding = pause(), 0
local asks = ARGV[1] == 'ask'
if not wait then return { 3, now, 0, 0, 0, 0 } end
if not asks then wait = 0 end
for i = 2, #KEYS do
  local kind, state = kinds[ARGV[at]], nil
  state, at = kind.look(KEYS[i], at)
  if not state then return { 3, now, 0, anomalies, lost, i - 1 } end
  if state.unknown then return { 2, now, 0, anomalies, lost, i - 1 } end
  state.kind, states[i] = kind, state
  local waits = kind.wait(state)
  if waits > wait then wait, binding = waits, i - 1 end
end
local granted = wait == 0
local reply = { granted and 1 or 0, now, wait, anomalies, lost, binding }
for i = 2, #KEYS do
  local state = states[i]
  if granted and state.costs then
    state.kind.charge(state)
    reply[3] = max(reply[3], state.kind.wait(state))
    state.dirty = true
  end
  if state.dirty then state.kind.write(KEYS[i], state) end
  local a, b, c, d = state.kind.tell(state)
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = a, b, c, d
end
return reply
