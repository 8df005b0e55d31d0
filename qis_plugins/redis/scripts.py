"""What the server does in one step each, in Lua: no other client comes between.

An entry is a hash of its value ``v``, its tags ``t`` and, as ``k``, the versions of the keys it depends on:
that of all entries, and one of each tag. To purge is to delete such a key; the next entry begins another version.
"""

_IS_ALIVE = """
local function is_alive(entry)
  local keys = redis.call('HGET', entry, 'k')
  if not keys then return false end
  for key, version in pairs(cjson.decode(keys)) do
    if redis.call('GET', key) ~= version then return false end
  end
  return true
end
"""

#: KEYS: entry. Gives value, tags and milliseconds left (-1: for ever), or nothing.
FIND = (
    _IS_ALIVE
    + """
if not is_alive(KEYS[1]) then return false end
local found = redis.call('HMGET', KEYS[1], 'v', 't')
return {found[1], found[2], redis.call('PTTL', KEYS[1])}
"""
)

#: KEYS: entry, keys it depends on. ARGV: value, tags, milliseconds to live (0: for ever), '1' for `add`, new version.
STORE = (
    _IS_ALIVE
    + """
if ARGV[4] == '1' and is_alive(KEYS[1]) then return 0 end
local versions = {}
for number = 2, #KEYS do
  if redis.call('SET', KEYS[number], ARGV[5], 'NX') then
    versions[KEYS[number]] = ARGV[5]
  else
    versions[KEYS[number]] = redis.call('GET', KEYS[number])
  end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'v', ARGV[1], 't', ARGV[2], 'k', cjson.encode(versions))
if ARGV[3] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
"""
)

#: KEYS: lock. ARGV: the token of its holder. Frees the lock unless it is somebody else's.
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
