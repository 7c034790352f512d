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
