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
