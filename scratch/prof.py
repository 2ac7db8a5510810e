import json,sys,collections,glob
f=sorted(glob.glob('/tmp/w/prof/*.cpuprofile'))[-1]
p=json.load(open(f))
nodes={n['id']:n for n in p['nodes']}
parent={}
for n in p['nodes']:
    for c in n.get('children',[]): parent[c]=n['id']
self_=collections.Counter()
for s,d in zip(p['samples'],p['timeDeltas']): self_[s]+=d
def name(n):
    c=n['callFrame']; return c['functionName'] or '(anon)'
agg=collections.Counter()
for i,t in self_.items():
    n=nodes[i]
    while n['callFrame']['url'].startswith('wasm') and n['id'] in parent: n=nodes[parent[n['id']]]
    c=n['callFrame']
    agg[(name(n), c['url'].split('/')[-1], c['lineNumber']+1)]+=t
tot=sum(agg.values())
for k,v in agg.most_common(22): print(f"{v/1e3:8.0f} ms {100*v/tot:5.1f}% {k}")
