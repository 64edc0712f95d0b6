"""The demonstration: three banks as HTTP clients of a node that is killed in the middle.

It knows the node as any bank does: by its commands and its REST interface.
"""
