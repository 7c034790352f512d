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
