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
