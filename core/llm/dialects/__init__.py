"""What servers that call themselves compatible do in ways of their own: one table for each kind of it.

thoughts     the marks between which models think
finishes     the words for how an answer ended
phrases      the words for why there is none
shapes       where an error stands in a body
waits        how long one is to wait
inventions   what transcribers write where nobody speaks
adaptations  what is left out of a request, or said otherwise
"""
